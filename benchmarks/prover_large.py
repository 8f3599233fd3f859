"""Larger designs."""

from __future__ import annotations

LARGE: dict[str, str] = {
    "processor": """
module top(input clk, input rst_n, input start, input [7:0] data, input [2:0] code, output reg [7:0] acc,
           output reg done, output zero, output [1:0] where);
  localparam IDLE = 2'd0, LOAD = 2'd1, WORK = 2'd2, SHOW = 2'd3;
  reg [1:0] state, next;
  reg [7:0] operand;
  reg [2:0] held;
  reg [7:0] result;
  always @(posedge clk or negedge rst_n)
    if (!rst_n)
      state <= IDLE;
    else
      state <= next;
  always @* begin
    next = state;
    case (state)
      IDLE: if (start) next = LOAD;
      LOAD: next = WORK;
      WORK: next = SHOW;
      SHOW: next = start ? LOAD : IDLE;
      default: next = IDLE;
    endcase
  end
  always @* begin
    case (held)
      3'd0: result = acc + operand;
      3'd1: result = acc - operand;
      3'd2: result = acc & operand;
      3'd3: result = acc | operand;
      3'd4: result = acc ^ operand;
      3'd5: result = operand;
      3'd6: result = acc << operand[2:0];
      default: result = (acc < operand) ? operand : acc;
    endcase
  end
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      acc <= 8'd0;
      operand <= 8'd0;
      held <= 3'd0;
      done <= 1'b0;
    end else begin
      done <= (state == SHOW);
      if (state == LOAD) begin
        operand <= data;
        held <= code;
      end
      if (state == WORK)
        acc <= result;
    end
  end
  assign zero = (acc == 8'd0);
  assign where = state;
endmodule""",
    "receiver": """
module top(input clk, input rst, input rx, input [3:0] period, output reg [7:0] data, output reg valid,
           output reg broken);
  localparam IDLE = 2'd0, START = 2'd1, BITS = 2'd2, STOP = 2'd3;
  reg [1:0] state;
  reg [3:0] count;
  reg [2:0] index;
  reg [7:0] shift;
  wire full = (count == period);
  wire half = (count == {1'b0, period[3:1]});
  always @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
      count <= 4'd0;
      index <= 3'd0;
      shift <= 8'd0;
      data <= 8'd0;
      valid <= 1'b0;
      broken <= 1'b0;
    end else begin
      valid <= 1'b0;
      case (state)
        IDLE: begin
          count <= 4'd0;
          index <= 3'd0;
          if (!rx) state <= START;
        end
        START:
          if (half) begin
            count <= 4'd0;
            state <= rx ? IDLE : BITS;
          end else
            count <= count + 4'd1;
        BITS:
          if (full) begin
            count <= 4'd0;
            shift <= {rx, shift[7:1]};
            index <= index + 3'd1;
            if (index == 3'd7) state <= STOP;
          end else
            count <= count + 4'd1;
        default:
          if (full) begin
            state <= IDLE;
            data <= shift;
            valid <= rx;
            broken <= ~rx;
          end else
            count <= count + 4'd1;
      endcase
    end
  end
endmodule""",
    "queue": """
module top(input clk, input rst_n, input push, input pop, input [7:0] din, input [2:0] mark,
           output reg [7:0] dout, output full, output empty, output almost, output reg lost, output reg bad);
  reg [7:0] mem [0:7];
  reg [2:0] head, tail;
  reg [3:0] count;
  wire do_push = push && !full;
  wire do_pop = pop && !empty;
  assign full = (count == 4'd8);
  assign empty = (count == 4'd0);
  assign almost = (count >= {1'b0, mark});
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      head <= 3'd0;
      tail <= 3'd0;
      count <= 4'd0;
    end else begin
      if (do_push) head <= head + 3'd1;
      if (do_pop) tail <= tail + 3'd1;
      case ({do_push, do_pop})
        2'b10: count <= count + 4'd1;
        2'b01: count <= count - 4'd1;
        default: count <= count;
      endcase
    end
  end
  always @(posedge clk)
    if (do_push) mem[head] <= din;
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n)
      dout <= 8'd0;
    else if (do_pop)
      dout <= mem[tail];
  end
  always @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      lost <= 1'b0;
      bad <= 1'b0;
    end else begin
      if (push && full) lost <= 1'b1;
      if (pop && empty) bad <= 1'b1;
    end
  end
endmodule""",
}
"""Designs of about fifty lines, for the throughput."""
