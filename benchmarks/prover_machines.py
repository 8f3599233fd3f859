"""Small sequential designs of the usual kinds, whose mutants the prover is measured on."""

from __future__ import annotations

MACHINES: dict[str, str] = {
    "detector": """
module top(input clk, input rst, input in, output out);
  localparam S0 = 2'd0, S1 = 2'd1, S2 = 2'd2, S3 = 2'd3;
  reg [1:0] state, next;
  always @(posedge clk)
    if (rst) state <= S0;
    else state <= next;
  always @* begin
    next = S0;
    case (state)
      S0: next = in ? S1 : S0;
      S1: next = in ? S1 : S2;
      S2: next = in ? S3 : S0;
      S3: next = in ? S1 : S2;
    endcase
  end
  assign out = (state == S3);
endmodule""",
    "vending": """
module top(input clk, input rst, input nickel, input dime, output reg open);
  reg [1:0] state;
  always @(posedge clk)
    if (rst) begin
      state <= 2'd0;
      open <= 1'b0;
    end else begin
      open <= 1'b0;
      case (state)
        2'd0: if (nickel) state <= 2'd1; else if (dime) state <= 2'd2;
        2'd1: if (nickel) state <= 2'd2; else if (dime) begin state <= 2'd0; open <= 1'b1; end
        2'd2: if (nickel || dime) begin state <= 2'd0; open <= 1'b1; end
        default: state <= 2'd0;
      endcase
    end
endmodule""",
    "traffic": """
module top(input clk, input rst_n, input car, output reg [2:0] main, output reg [2:0] side);
  reg [1:0] state;
  reg [3:0] timer;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      state <= 2'd0;
      timer <= 4'd0;
    end else begin
      timer <= timer + 4'd1;
      case (state)
        2'd0: if (car && timer >= 4'd9) begin state <= 2'd1; timer <= 4'd0; end
        2'd1: if (timer == 4'd2) begin state <= 2'd2; timer <= 4'd0; end
        2'd2: if (!car || timer == 4'd7) begin state <= 2'd3; timer <= 4'd0; end
        default: if (timer == 4'd2) begin state <= 2'd0; timer <= 4'd0; end
      endcase
    end
  always @* begin
    main = 3'b001;
    side = 3'b001;
    case (state)
      2'd0: main = 3'b100;
      2'd1: main = 3'b010;
      2'd2: side = 3'b100;
      default: side = 3'b010;
    endcase
  end
endmodule""",
    "onehot_fsm": """
module top(input clk, input rst, input go, input stop, output busy, output done);
  reg [2:0] s;
  always @(posedge clk)
    if (rst) s <= 3'b001;
    else begin
      s[0] <= (s[0] & ~go) | s[2];
      s[1] <= (s[0] & go) | (s[1] & ~stop);
      s[2] <= s[1] & stop;
    end
  assign busy = s[1];
  assign done = s[2];
endmodule""",
    "fifo": """
module top(input clk, input rst, input push, input pop, input [3:0] din, output [3:0] dout, output full, output empty);
  reg [3:0] mem [0:3];
  reg [1:0] head, tail;
  reg [2:0] count;
  assign full = (count == 3'd4);
  assign empty = (count == 3'd0);
  assign dout = empty ? 4'd0 : mem[tail];
  always @(posedge clk)
    if (rst) begin
      head <= 2'd0;
      tail <= 2'd0;
      count <= 3'd0;
    end else begin
      if (push && !full) begin
        mem[head] <= din;
        head <= head + 2'd1;
      end
      if (pop && !empty) tail <= tail + 2'd1;
      count <= count + (push && !full) - (pop && !empty);
    end
endmodule""",
    "stack": """
module top(input clk, input rst, input push, input pop, input [1:0] din, output reg [1:0] dout);
  reg [1:0] mem [0:3];
  reg [2:0] level;
  always @(posedge clk)
    if (rst) begin
      level <= 3'd0;
      dout <= 2'd0;
    end else if (push && level < 3'd4) begin
      mem[level[1:0]] <= din;
      level <= level + 3'd1;
    end else if (pop && level > 3'd0) begin
      dout <= mem[level[1:0] - 2'd1];
      level <= level - 3'd1;
    end
endmodule""",
    "register_file": """
module top(input clk, input we, input [1:0] wa, input [3:0] wd, input [1:0] ra, output [3:0] rd);
  reg [3:0] r [0:3];
  always @(posedge clk)
    if (we) r[wa] <= wd;
  assign rd = (ra == 2'd0) ? 4'd0 : r[ra];
endmodule""",
    "shift_register": """
module top(input clk, input rst, input load, input [5:0] d, input sin, output sout, output reg [5:0] q);
  always @(posedge clk)
    if (rst) q <= 6'd0;
    else if (load) q <= d;
    else q <= {sin, q[5:1]};
  assign sout = q[0];
endmodule""",
    "serialiser": """
module top(input clk, input rst_n, input start, input [3:0] d, output line, output busy);
  reg [3:0] shift;
  reg [2:0] left;
  assign busy = left != 3'd0;
  assign line = busy ? shift[0] : 1'b1;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      shift <= 4'd0;
      left <= 3'd0;
    end else if (!busy) begin
      if (start) begin
        shift <= d;
        left <= 3'd4;
      end
    end else begin
      shift <= {1'b0, shift[3:1]};
      left <= left - 3'd1;
    end
endmodule""",
    "arbiter": """
module top(input clk, input rst, input [2:0] req, output reg [2:0] grant);
  reg [1:0] last;
  always @(posedge clk)
    if (rst) begin
      grant <= 3'b000;
      last <= 2'd2;
    end else begin
      grant <= 3'b000;
      case (last)
        2'd0:
          if (req[1]) begin grant <= 3'b010; last <= 2'd1; end
          else if (req[2]) begin grant <= 3'b100; last <= 2'd2; end
          else if (req[0]) grant <= 3'b001;
        2'd1:
          if (req[2]) begin grant <= 3'b100; last <= 2'd2; end
          else if (req[0]) begin grant <= 3'b001; last <= 2'd0; end
          else if (req[1]) grant <= 3'b010;
        default:
          if (req[0]) begin grant <= 3'b001; last <= 2'd0; end
          else if (req[1]) begin grant <= 3'b010; last <= 2'd1; end
          else if (req[2]) grant <= 3'b100;
      endcase
    end
endmodule""",
    "pipeline": """
module top(input clk, input rst, input valid_in, input [3:0] a, input [3:0] b,
           output reg valid_out, output reg [7:0] y);
  reg valid;
  reg [4:0] sum;
  reg [3:0] kept;
  always @(posedge clk)
    if (rst) begin
      valid <= 1'b0;
      valid_out <= 1'b0;
      y <= 8'd0;
      sum <= 5'd0;
      kept <= 4'd0;
    end else begin
      valid <= valid_in;
      sum <= a + b;
      kept <= a;
      valid_out <= valid;
      if (valid) y <= sum * kept;
    end
endmodule""",
    "edges": """
module top(input clk, input rst, input in, output rise, output fall);
  reg [1:0] seen;
  always @(posedge clk)
    if (rst) seen <= 2'b00;
    else seen <= {seen[0], in};
  assign rise = seen[0] & ~seen[1];
  assign fall = ~seen[0] & seen[1];
endmodule""",
    "debounce": """
module top(input clk, input rst, input in, output reg out);
  reg [2:0] count;
  always @(posedge clk)
    if (rst) begin
      count <= 3'd0;
      out <= 1'b0;
    end else if (in == out)
      count <= 3'd0;
    else begin
      count <= count + 3'd1;
      if (count == 3'd6) out <= in;
    end
endmodule""",
    "pwm": """
module top(input clk, input rst_n, input [3:0] duty, output reg out);
  reg [3:0] t;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      t <= 4'd0;
      out <= 1'b0;
    end else begin
      t <= t + 4'd1;
      out <= (t < duty);
    end
endmodule""",
    "divide_clock": """
module top(input clk, input rst, output reg slow);
  reg [1:0] n;
  always @(posedge clk)
    if (rst) begin
      n <= 2'd0;
      slow <= 1'b0;
    end else if (n == 2'd2) begin
      n <= 2'd0;
      slow <= ~slow;
    end else
      n <= n + 2'd1;
endmodule""",
    "accumulator": """
module top(input clk, input rst_n, input en, input sub, input [3:0] d, output reg [7:0] total, output reg limit);
  wire [8:0] next = sub ? total - d : total + d;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      total <= 8'd0;
      limit <= 1'b0;
    end else if (en) begin
      total <= next[7:0];
      limit <= limit | next[8];
    end
endmodule""",
    "crc": """
module top(input clk, input rst, input en, input d, output reg [7:0] crc);
  wire f = crc[7] ^ d;
  always @(posedge clk)
    if (rst) crc <= 8'h00;
    else if (en) crc <= {crc[6:2], crc[1] ^ f, crc[0] ^ f, f};
endmodule""",
    "two_edges": """
module top(input clk, input rst, input a, output y);
  reg p, n;
  always @(posedge clk)
    if (rst) p <= 1'b0;
    else p <= a ^ n;
  always @(negedge clk)
    if (rst) n <= 1'b0;
    else n <= a ^ p;
  assign y = p ^ n;
endmodule""",
    "started": """
module top(input clk, input t, output reg q, output reg [2:0] n);
  initial begin
    q = 1'b1;
    n = 3'd2;
  end
  always @(posedge clk)
    if (t) begin
      q <= ~q;
      n <= n + 3'd1;
    end
endmodule""",
}
